require_relative "boot"
require "rails"
require "active_model/railtie"
require "active_record/railtie"
require "action_controller/railtie"
require "action_view/railtie"
require_relative "../lib/quiet_paths"

Bundler.require(*Rails.groups)

module CigarManagement
  class Application < Rails::Application
    config.load_defaults 7.2
    config.time_zone = "UTC"
  end
end
