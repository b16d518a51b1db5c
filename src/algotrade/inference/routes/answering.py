"""The answer to one question, whoever carries it: the fast lane and the route for all others call the same function."""

from algotrade.inference.predictor import Predictor
from algotrade.inference.problems import UnknownTimeframe, WrongFingerprint
from algotrade.inference.schemas import ModelDescription, ModelName, Prediction, PredictRequest, PredictResponse


def answer(model: Predictor, request: PredictRequest) -> PredictResponse:
    """What a model says to a request that names it, or names none.

    Raises
    ------
    Refusal
        If the model is of another timeframe or feature set than the request names, or cannot predict what it is asked.
    StoreError
        If the online store does not answer or holds features of another feature set.
    """
    served = model.description
    _refuse_another_model(request, served)
    return PredictResponse(predictions=_predictions(model, request), model=name_of(served))


def name_of(served: ModelDescription) -> ModelName:
    """What an answer says of its model."""
    return ModelName(
        name=served.name,
        version=served.version,
        feature_fingerprint=served.feature_fingerprint,
        timeframe=served.timeframe,
        horizon=served.horizon,
    )


def _predictions(model: Predictor, request: PredictRequest) -> tuple[Prediction, ...]:
    if request.features is not None:
        return model.of_features(request.features)
    if request.symbol is not None:
        return model.of_symbols([request.symbol])
    if request.symbols is not None:
        return model.of_symbols(request.symbols)
    return model.of_every_symbol()


def _refuse_another_model(request: PredictRequest, served: ModelDescription) -> None:
    if request.timeframe is not None and request.timeframe != served.timeframe:
        raise UnknownTimeframe(
            f"{served.name} {served.version} predicts on {served.timeframe} candles, the request asks for "
            f"{request.timeframe}. Leave timeframe out, or name the version of a model of {request.timeframe}; "
            "GET /models lists them."
        )
    asked = request.feature_fingerprint
    if asked is not None and asked != served.feature_fingerprint:
        raise WrongFingerprint(
            f"The request was built for the feature set {asked}; {served.name} {served.version} reads "
            f"{served.feature_fingerprint}. Compute the features anew for it; GET /models names them."
        )
