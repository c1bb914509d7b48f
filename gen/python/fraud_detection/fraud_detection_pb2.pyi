import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Capability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAPABILITY_UNSPECIFIED: _ClassVar[Capability]
    CAPABILITY_PREDICT_BATCH: _ClassVar[Capability]
    CAPABILITY_EXPLAIN_BATCH: _ClassVar[Capability]
CAPABILITY_UNSPECIFIED: Capability
CAPABILITY_PREDICT_BATCH: Capability
CAPABILITY_EXPLAIN_BATCH: Capability

class PredictionRequest(_message.Message):
    __slots__ = ("transaction_id", "amount", "time", "age_of_account", "number_of_transactions")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    AGE_OF_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_OF_TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    amount: float
    time: int
    age_of_account: int
    number_of_transactions: int
    def __init__(self, transaction_id: _Optional[int] = ..., amount: _Optional[float] = ..., time: _Optional[int] = ..., age_of_account: _Optional[int] = ..., number_of_transactions: _Optional[int] = ...) -> None: ...

class PredictionResponse(_message.Message):
    __slots__ = ("transaction_id", "predicted_label", "fraud_probability")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_LABEL_FIELD_NUMBER: _ClassVar[int]
    FRAUD_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    predicted_label: bool
    fraud_probability: float
    def __init__(self, transaction_id: _Optional[int] = ..., predicted_label: bool = ..., fraud_probability: _Optional[float] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ("name", "values")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[float]] = ...) -> None: ...

class PredictFraudBatchRequest(_message.Message):
    __slots__ = ("rows", "columns")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    rows: int
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    def __init__(self, rows: _Optional[int] = ..., columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ...) -> None: ...

class PredictFraudBatchResponse(_message.Message):
    __slots__ = ("model_version", "threshold", "fraud_probabilities", "predicted_labels", "errors")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    FRAUD_PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_LABELS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    threshold: float
    fraud_probabilities: _containers.RepeatedScalarFieldContainer[float]
    predicted_labels: _containers.RepeatedScalarFieldContainer[bool]
    errors: _containers.RepeatedCompositeFieldContainer[RowError]
    def __init__(self, model_version: _Optional[str] = ..., threshold: _Optional[float] = ..., fraud_probabilities: _Optional[_Iterable[float]] = ..., predicted_labels: _Optional[_Iterable[bool]] = ..., errors: _Optional[_Iterable[_Union[RowError, _Mapping]]] = ...) -> None: ...

class RowError(_message.Message):
    __slots__ = ("row", "message")
    ROW_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    row: int
    message: str
    def __init__(self, row: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class ExplainFraudBatchRequest(_message.Message):
    __slots__ = ("rows", "columns")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    rows: int
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    def __init__(self, rows: _Optional[int] = ..., columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ...) -> None: ...

class Contribution(_message.Message):
    __slots__ = ("code", "text", "log_odds", "values")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LOG_ODDS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    log_odds: _containers.RepeatedScalarFieldContainer[float]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ..., log_odds: _Optional[_Iterable[float]] = ..., values: _Optional[_Iterable[float]] = ...) -> None: ...

class ExplainFraudBatchResponse(_message.Message):
    __slots__ = ("model_version", "baseline", "contributions", "errors")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    model_version: str
    baseline: float
    contributions: _containers.RepeatedCompositeFieldContainer[Contribution]
    errors: _containers.RepeatedCompositeFieldContainer[RowError]
    def __init__(self, model_version: _Optional[str] = ..., baseline: _Optional[float] = ..., contributions: _Optional[_Iterable[_Union[Contribution, _Mapping]]] = ..., errors: _Optional[_Iterable[_Union[RowError, _Mapping]]] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelResponse(_message.Message):
    __slots__ = ("version", "facts", "threshold", "metrics", "capabilities", "trained_at", "training_rows", "refused_replacement", "calibration")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    TRAINED_AT_FIELD_NUMBER: _ClassVar[int]
    TRAINING_ROWS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_REPLACEMENT_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_FIELD_NUMBER: _ClassVar[int]
    version: str
    facts: _containers.RepeatedScalarFieldContainer[str]
    threshold: float
    metrics: _containers.ScalarMap[str, float]
    capabilities: _containers.RepeatedScalarFieldContainer[Capability]
    trained_at: _timestamp_pb2.Timestamp
    training_rows: int
    refused_replacement: str
    calibration: _containers.RepeatedCompositeFieldContainer[CalibrationBin]
    def __init__(self, version: _Optional[str] = ..., facts: _Optional[_Iterable[str]] = ..., threshold: _Optional[float] = ..., metrics: _Optional[_Mapping[str, float]] = ..., capabilities: _Optional[_Iterable[_Union[Capability, str]]] = ..., trained_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., training_rows: _Optional[int] = ..., refused_replacement: _Optional[str] = ..., calibration: _Optional[_Iterable[_Union[CalibrationBin, _Mapping]]] = ...) -> None: ...

class CalibrationBin(_message.Message):
    __slots__ = ("to", "rows", "mean_fraud_probability", "fraud_rate")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    MEAN_FRAUD_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    FRAUD_RATE_FIELD_NUMBER: _ClassVar[int]
    to: float
    rows: int
    mean_fraud_probability: float
    fraud_rate: float
    def __init__(self, to: _Optional[float] = ..., rows: _Optional[int] = ..., mean_fraud_probability: _Optional[float] = ..., fraud_rate: _Optional[float] = ..., **kwargs) -> None: ...
