"""The demonstrator: it plans a grasp, drives the hand there, and plays the episode."""
