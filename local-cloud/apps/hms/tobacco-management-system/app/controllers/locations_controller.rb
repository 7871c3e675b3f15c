class LocationsController < ApplicationController
  def index
    @locations = Location.order(:name)
  end

  def new
    @location = Location.new
  end

  def create
    @location = Location.new(given)
    @location.save ? back("added") : render(:new, status: :unprocessable_entity)
  end

  def edit
    @location = Location.find(params[:id])
  end

  def update
    @location = Location.find(params[:id])
    @location.update(given) ? back("saved") : render(:edit, status: :unprocessable_entity)
  end

  private

  def given = params.require(:location).permit(:name, :address, :quantity)

  def back(done) = redirect_to(locations_path, notice: "#{@location.name} is #{done}.", status: :see_other)
end
