class RunsController < ApplicationController
  # No other site's form can send JSON, and nothing here depends on who is logged in.
  skip_forgery_protection if: -> { request.media_type == "application/json" }

  def index
    @run = Run.new
    respond_to do |format|
      format.html { list }
      format.json { render json: Run.order(:held_on, :name) }
    end
  end

  def show = render(json: Run.find(params[:id]))

  def create
    @run = Run.new(params.require(:run).permit(:name, :held_on, :place, :distance_km))
    saved = save
    respond_to do |format|
      format.html { saved ? redirect_to(root_path, notice: "#{@run.name} is in the calendar.", status: :see_other) : reject }
      format.json { saved ? render(json: @run, status: :created) : render(json: { errors: @run.errors }, status: :unprocessable_entity) }
    end
  end

  private

  def list
    @upcoming = Run.upcoming
    @past = Run.past
  end

  def reject
    list
    render :index, status: :unprocessable_entity
  end

  # Two who add the same run at the same moment both pass the validation; the index lets one in.
  def save
    @run.save
  rescue ActiveRecord::RecordNotUnique
    @run.errors.add(:name, "is in the calendar on that day already")
    false
  end
end
