DISTRIBUTION = "boto3"
MODULE = "boto3"
SETUP = """
import boto3
def client(): return boto3.client('s3', region_name='us-east-1', aws_access_key_id='x', aws_secret_access_key='y')
"""
SPECIMENS = (
    ('boto3.session.Session', "boto3.Session(region_name='us-east-1')", 'x.region_name'),
    ('botocore.client.S3', 'client()', "x.meta.region_name, x.generate_presigned_url('get_object', {'Bucket': 'b', 'Key': 'k'}).partition('?')[0]"),
)  # fmt: skip
