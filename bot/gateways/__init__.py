"""The outside world: Twilio, the queue, and the formats that other systems speak."""
