"""Ordered, pure answers to one question: may this plan's next Job be created now?

Every gate reads the same facts and gives a verdict; what cannot be read is a veto. `chain.judge` asks them all,
so that a person sees every obstacle at once.
"""
