"""Policy packs for Pulumi CrossGuard, and the rules that they and the offline judgement share."""
