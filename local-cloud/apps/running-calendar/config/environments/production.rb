Rails.application.configure do
  config.enable_reloading = false
  config.eager_load = true
  config.consider_all_requests_local = false
  config.public_file_server.enabled = true

  # A proxy in front ends TLS: believe it. Health checks come from inside, by plain http and by address.
  health_check = ->(request) { request.path == "/up" }
  config.assume_ssl = true
  config.force_ssl = true
  config.ssl_options = { redirect: { exclude: health_check } }
  config.hosts = ENV.fetch("APP_HOSTS", "mxcorre.com,www.mxcorre.com").split(",")
  config.host_authorization = { exclude: health_check }
  config.action_mailer.default_url_options = { host: config.hosts.first, protocol: "https" }

  $stdout.sync = true
  config.logger = ActiveSupport::TaggedLogging.new(ActiveSupport::Logger.new($stdout))
  config.log_tags = [:request_id]
  config.log_level = ENV.fetch("RAILS_LOG_LEVEL", "info")
  config.middleware.insert_before Rails::Rack::Logger, QuietHealthCheck

  config.active_record.dump_schema_after_migration = false
end
