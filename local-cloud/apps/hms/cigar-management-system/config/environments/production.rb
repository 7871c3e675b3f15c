Rails.application.configure do
  config.enable_reloading = false
  config.eager_load = true
  config.consider_all_requests_local = false
  config.public_file_server.enabled = true
  config.cache_store = :null_store

  # nginx in front ends TLS: believe it. Health checks come from inside, by plain http and by address.
  health_check = ->(request) { request.path == "/up" }
  config.assume_ssl = true
  config.force_ssl = true
  config.ssl_options = { redirect: { exclude: health_check } }
  config.hosts = ENV.fetch("APP_HOSTS", "cigars.remoteds.us").split(",")
  config.host_authorization = { exclude: health_check }

  $stdout.sync = true
  config.logger = ActiveSupport::TaggedLogging.new(ActiveSupport::Logger.new($stdout))
  config.log_tags = [:request_id]
  config.log_level = ENV.fetch("RAILS_LOG_LEVEL", "info")
  config.filter_parameters += %i[password token]
  config.middleware.insert_before Rails::Rack::Logger, QuietPaths

  config.active_record.dump_schema_after_migration = false
end
