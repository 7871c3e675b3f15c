class CreateRuns < ActiveRecord::Migration[7.2]
  def change
    create_table :runs do |t|
      t.string :name, null: false
      t.date :held_on, null: false
      t.string :place
      t.decimal :distance_km, precision: 6, scale: 3, null: false
      t.timestamps
    end
    add_index :runs, %i[held_on name], unique: true
  end
end
