"""What imports each kind of operator, by families; importing them fills the table."""
