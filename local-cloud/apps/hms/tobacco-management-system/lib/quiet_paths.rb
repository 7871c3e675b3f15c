# Health checks leave no line in the log unless they fail; the inventory's path has the token in it, and leaves its
# status alone.
class QuietPaths
  def initialize(app)
    @app = app
  end

  def call(env)
    path = env["PATH_INFO"]
    return @app.call(env) unless path == "/up" || path.start_with?("/api/inventory")

    answer = Rails.logger.silence(Logger::ERROR) { @app.call(env) }
    Rails.logger.info("inventory asked: #{answer.first}") unless path == "/up"
    answer
  end
end
