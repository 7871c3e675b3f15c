class SessionsController < ApplicationController
  skip_before_action :require_sign_in

  def show; end

  def create
    given = fingerprint(params[:username].to_s, params[:password].to_s)
    if administrator && ActiveSupport::SecurityUtils.secure_compare(given, administrator)
      reset_session
      session[:administrator] = given
      redirect_to cigars_path, status: :see_other
    else
      flash.now[:alert] = "Wrong name or password."
      render :show, status: :unauthorized
    end
  end

  def destroy
    reset_session
    redirect_to session_path, status: :see_other
  end
end
