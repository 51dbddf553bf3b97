"""A picture in, people out: a network and a codec put together."""
