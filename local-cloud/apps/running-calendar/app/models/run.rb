# One race in the calendar. Distance is in kilometres.
class Run < ApplicationRecord
  validates :name, presence: true, length: { maximum: 100 }
  validates :name, uniqueness: { scope: :held_on, message: "is in the calendar on that day already" }
  validates :held_on, presence: true
  validates :place, length: { maximum: 100 }
  validates :distance_km, presence: true, numericality: { greater_than: 0, less_than: 1000 }

  scope :upcoming, -> { where(held_on: Date.current..).order(:held_on, :name) }
  scope :past, -> { where(held_on: ...Date.current).order(held_on: :desc, name: :asc) }
end
