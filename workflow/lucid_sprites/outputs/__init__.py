"""What is made of finished sprites: loss logs, spritesheets and the summary."""
