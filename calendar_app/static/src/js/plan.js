import "../css/parts/plan.css";
