// An app that knows nothing of this library.
import express from "express";

const app = express();
app.get("/items/:id", (request, response) => response.json({ id: request.params.id }));
app.get("/slow", (_request, response) => response.write("first"));
const server = app.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
