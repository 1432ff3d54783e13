// The driver app: starts it.
import "../kit/kit.css";
import "./driver.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { becomeApp } from "./install.ts";

becomeApp();
const root = document.getElementById("page");
if (!root) throw new Error("the page has no place for its content");
render(<App />, root);
