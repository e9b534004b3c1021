"""Ongoing synchronisation: hear what happens on either side, deliver it to the other, and prove that both agree."""
