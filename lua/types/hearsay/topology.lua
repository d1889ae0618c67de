---@meta hearsay.topology
-- Written by `make docs`.

---Who talks to whom: overlay networks as plain tables.
---
---A topology maps each node id to the list of its neighbours, as Maelstrom's
---topology message does. All are symmetric, and neighbours stand in the order
---of the list of ids, so that every node that computes one gets the same.
---
---    name           edges             most hops       neighbours (n nodes)
---    line           n - 1             n - 1           2
---    ring           n                 n / 2           2
---    grid           about 2n          2 sqrt(n)       4
---    tree k         n - 1             2 log_k(n)      k + 1
---    star           n - 1             2               n - 1 at the hub
---    hypercube      n log2(n) / 2     log2(n)         log2(n)
---    random regular n d / 2           about log_d(n)  d
---    total          n (n - 1) / 2     1               n - 1
---
---Flooding costs two messages an edge less one a node, so trees send fewest
---and the others survive lost links.
---@class hearsay.topology
---@field names any The names that topology.build knows.
local topology = {}

---Each node knows the one before and the one after it.
---@param ids string[] node ids
---@return table # id to list of neighbour ids
function topology.line(ids) end

---A line whose ends meet.
---@param ids string[] node ids
---@return table # id to list of neighbour ids
function topology.ring(ids) end

---A square as Maelstrom lays it out: sides of ceil(sqrt(n)), rows filled in order.
---@param ids string[] node ids
---@return table # id to list of neighbour ids
function topology.grid(ids) end

---A tree with the first id as the root: children of position i are k(i-1)+2 .. ki+1.
---@param ids string[] node ids
---@param k? integer (default 2) children a node has at most
---@return table # id to list of neighbour ids
function topology.tree(ids, k) end

---Everybody knows the hub, and the hub everybody.
---@param ids string[] node ids
---@param hub? string its id, by default the first
---@return table # id to list of neighbour ids
function topology.star(ids, hub) end

---Everybody knows everybody.
---@param ids string[] node ids
---@return table # id to list of neighbour ids
function topology.total(ids) end

---Positions, counted from 0, that differ in one bit know each other.
---Where n is not a power of two it is the part of the cube that is there, which is connected:
---clearing a bit always leads to a node that exists.
---@param ids string[] node ids
---@return table # id to list of neighbour ids
function topology.hypercube(ids) end

---A random connected graph in which each node has the same number of neighbours.
---
---Starts from the ring in which each knows its nearest and then swaps the ends of random pairs of
---edges: a-b, c-d becomes a-d, c-b. A swap keeps all degrees; one that would double an edge or cut
---the graph is not made (after a swap the graph is whole if and only if a still reaches b).
---Costs O(edges x edges) at worst: meant for hundreds of nodes.
---@param ids string[] node ids
---@param degree integer neighbours of each node: at least 2 where n > 2, below n, and degree times n must be even
---@param random function called without arguments gives a float in [0, 1); the same numbers give the same graph
---@return table # id to list of neighbour ids
function topology.random_regular(ids, degree, random) end

---Builds a topology by its name.
---@param name string one of topology.names
---@param ids string[] node ids
---@param ... any what that topology takes besides: the hub of a star, the k of a tree
---@return table # id to list of neighbour ids
function topology.build(name, ids, ...) end

---The neighbours that a topology message names for a node.
---Whatever the message looks like, this is a list: of strings, without the node itself.
---@param message table the message, its body, or the topology in it
---@param id string a node id
---@return string[] # neighbour ids, a new table
function topology.neighbors(message, id) end

---How many hops each node is away from one node.
---@param graph table a topology
---@param from string a node id in it
---@return table # id to hops; a node that cannot be reached is missing
function topology.path_lengths(graph, from) end

---The most hops between any two nodes: what a flooded value needs at worst.
---@param graph table a topology
---@return integer # hops, or math.huge when some node cannot be reached. O(nodes x edges)
function topology.diameter(graph) end

---The most neighbours that any node has.
---@param graph table a topology
---@return integer
function topology.degree(graph) end

---The number of edges.
---@param graph table a symmetric topology
---@return integer
function topology.edges(graph) end

return topology
