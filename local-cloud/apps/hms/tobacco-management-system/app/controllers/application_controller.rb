class ApplicationController < ActionController::Base
  before_action :require_sign_in
  rescue_from ActionController::InvalidAuthenticityToken do
    redirect_to session_path, alert: "This form was open for too long. Please try again.", status: :see_other
  end

  private

  def require_sign_in
    signed_in = session[:administrator].to_s
    return if administrator && ActiveSupport::SecurityUtils.secure_compare(signed_in, administrator)

    redirect_to session_path
  end

  # Of name and password as they are now: another password ends every session. None without a password.
  def administrator
    name = ENV.fetch("TOBACCO_ADMIN_USER", "admin")
    password = ENV["TOBACCO_ADMIN_PASSWORD"].presence
    password && fingerprint(name, password)
  end

  def fingerprint(name, password)
    OpenSSL::HMAC.hexdigest("SHA256", Rails.application.secret_key_base, [name, password].to_json)
  end
end
