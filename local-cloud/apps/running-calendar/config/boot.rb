ENV["BUNDLE_GEMFILE"] ||= File.expand_path("../Gemfile", __dir__)

# A secret may come as a file: NAME_FILE instead of NAME. Here, so that a console reads it as the server does.
%w[POSTGRES_PASSWORD SECRET_KEY_BASE].each do |name|
  file = ENV["#{name}_FILE"]
  ENV[name] ||= File.read(file).chomp if file
end

require "bundler/setup"
