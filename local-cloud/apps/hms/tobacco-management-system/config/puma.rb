threads 3, 3
# nginx is the one visitor
bind "tcp://127.0.0.1:#{ENV.fetch("PORT", 3002)}"
raise_exception_on_sigterm false
force_shutdown_after 25
