class CreateLocations < ActiveRecord::Migration[7.2]
  def change
    create_table :locations do |t|
      t.string :name, null: false, index: { unique: true }
      t.string :address, null: false, default: ""
      t.integer :quantity, null: false, default: 0
      t.timestamps
    end
  end
end
