# The page loads nothing but itself: one inline style sheet, known by its nonce.
Rails.application.configure do
  config.content_security_policy do |policy|
    policy.default_src :none
    policy.style_src :self
    policy.img_src :self, :data
    policy.form_action :self
    policy.base_uri :none
    policy.frame_ancestors :none
  end
  config.content_security_policy_nonce_generator = ->(_request) { SecureRandom.base64(16) }
  config.content_security_policy_nonce_directives = %w[style-src]
end
