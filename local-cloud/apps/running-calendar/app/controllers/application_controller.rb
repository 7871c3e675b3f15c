class ApplicationController < ActionController::Base
  rescue_from ActionController::InvalidAuthenticityToken do
    redirect_to root_path, alert: "This form was open for too long. Please try again.", status: :see_other
  end
end
