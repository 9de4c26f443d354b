"""What differs between languages, one file each, and the parts that all of them share."""
