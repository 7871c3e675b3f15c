# The pages load nothing but their own style sheet and pictures.
Rails.application.configure do
  config.content_security_policy do |policy|
    policy.default_src :none
    policy.style_src :self
    policy.img_src :self
    policy.form_action :self
    policy.base_uri :none
    policy.frame_ancestors :none
  end
end
