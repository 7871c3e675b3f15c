class CigarsController < ApplicationController
  def index
    @cigars = Cigar.order(:name)
  end

  def new
    @cigar = Cigar.new
  end

  def create
    @cigar = Cigar.new(given)
    @cigar.save ? back("added") : render(:new, status: :unprocessable_entity)
  end

  def edit
    @cigar = Cigar.find(params[:id])
  end

  def update
    @cigar = Cigar.find(params[:id])
    @cigar.update(given) ? back("saved") : render(:edit, status: :unprocessable_entity)
  end

  private

  def given = params.require(:cigar).permit(:name, :origin, :quantity)

  def back(done) = redirect_to(cigars_path, notice: "#{@cigar.name} is #{done}.", status: :see_other)
end
