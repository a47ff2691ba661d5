"""What is known of AWS beside the rules: read when a policy is judged, not when a pack starts."""
