threads_count = Integer(ENV.fetch("RAILS_MAX_THREADS", 3))
threads threads_count, threads_count
port ENV.fetch("PORT", 3000)

# SIGTERM: takes nothing new, finishes what it has, and ends with 0. The container is given 30 seconds.
raise_exception_on_sigterm false
force_shutdown_after 25
