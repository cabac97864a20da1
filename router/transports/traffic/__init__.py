"""Rules for what goes to subgraphs over the network, each around another transport."""
