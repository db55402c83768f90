"""What a parent knows of its children: how many they are, what they sum up to, what they repeat."""
