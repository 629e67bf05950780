"""The resources of group `forestall.dev`: what people write and what the operator answers.

One module per kind. The models are the only source: the CRDs, their `kubectl explain` texts and the
chart's copies are generated from them by `forestall.api.crds`.
"""
