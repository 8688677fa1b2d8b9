"""Training on more machines than one: certificates, the head, its workers, and the fit they do."""
