"""What is played: matched scenes, conditions, rollouts and attempts."""
