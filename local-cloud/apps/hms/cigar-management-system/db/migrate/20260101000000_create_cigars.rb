class CreateCigars < ActiveRecord::Migration[7.2]
  def change
    create_table :cigars do |t|
      t.string :name, null: false, index: { unique: true }
      t.string :origin, null: false, default: ""
      t.integer :quantity, null: false, default: 0
      t.timestamps
    end
  end
end
