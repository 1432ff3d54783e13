// The operator's page: starts it.
import "../kit/kit.css";
import "./operator.css";
import { render } from "preact";
import { takeToken } from "../kit/token.ts";
import { App } from "./app.tsx";

takeToken();
const root = document.getElementById("page");
if (!root) throw new Error("the page has no place for its content");
render(<App />, root);
