const { createServer } = require("node:http");
const { greet } = require("greeting");

createServer((request, response) => response.end(greet(request.url.slice(1) || "world"))).listen(8080);
