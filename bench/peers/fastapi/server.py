"""FastAPI: one call, one prediction, in each of uvicorn's workers."""

from common import Scorer
from fastapi import FastAPI
from pydantic import BaseModel

scorer = Scorer()
app = FastAPI()


class Transaction(BaseModel):
    """The facts of one transaction."""

    amount: float
    time: int
    age_of_account: int
    number_of_transactions: int


class Answer(BaseModel):
    """How likely it is fraud, 0 to 1."""

    fraud_probability: float


# A prediction is shorter than the way to another thread and back.
@app.post("/predict")
async def predict(t: Transaction) -> Answer:
    """Score one transaction."""
    row = (t.amount, t.time, t.age_of_account, t.number_of_transactions)
    return Answer(fraud_probability=scorer.one(row))
