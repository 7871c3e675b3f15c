module RunsHelper
  # A labelled input with its errors beside it, tied together for screen readers.
  def field(form, name, type, label, **options)
    faults = form.object.errors[name]
    described = { aria: { invalid: faults.any?, describedby: ("#{name}_error" if faults.any?) } }
    tag.div class: "field" do
      concat form.label(name, label)
      concat form.public_send(type, name, **options, **described)
      concat tag.span("#{label} #{faults.first}", id: "#{name}_error", class: "error") if faults.any?
    end
  end

  def distance(run)
    "#{number_with_precision(run.distance_km, precision: 2, strip_insignificant_zeros: true)} km"
  end
end
