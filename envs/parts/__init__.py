"""What the pages of scenarios are made of: sites, visits, scripted policies, what people understand, readings."""
