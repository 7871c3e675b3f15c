# For the hosting manager: what is there, for whoever knows the token.
class InventoryController < ActionController::API
  def show
    wanted = ENV["CIGAR_API_TOKEN"].presence
    return render(json: { error: "API not configured" }, status: :forbidden) unless wanted

    if ActiveSupport::SecurityUtils.secure_compare(params[:token].to_s, wanted)
      items = Cigar.order(:name)
      render json: { application: "cigars", count: items.size, items: items.as_json(only: %i[id name origin quantity]) }
    else
      render json: { error: "Invalid API token" }, status: :unauthorized
    end
  end
end
