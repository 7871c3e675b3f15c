Rails.application.routes.draw do
  get "up" => "rails/health#show", as: :rails_health_check
  get "api/inventory/:token" => "inventory#show", as: :inventory
  resource :session, path: "login", only: %i[show create destroy]
  resources :locations, only: %i[index new create edit update]
  root to: redirect("/locations", status: 302)
end
