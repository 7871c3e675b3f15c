class Cigar < ApplicationRecord
  validates :name, presence: true, uniqueness: true, length: { maximum: 100 }
  validates :origin, length: { maximum: 200 }
  validates :quantity, numericality: { only_integer: true, greater_than_or_equal_to: 0 }
end
