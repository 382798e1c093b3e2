"""What is where: numbers, nodes, links, routes, distances, addresses."""
